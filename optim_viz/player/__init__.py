"""The animation component: JavaScript player, the scenes that it plays, and its Streamlit mount."""
