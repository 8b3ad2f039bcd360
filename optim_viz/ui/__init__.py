"""The Streamlit side: the only package that imports streamlit.

page, sessions, turns                  the frame around every page; who is there, and what is logged; whose turn it is
languages                              the visitor's language, and the switch
compare, network, tune, stress, lessons the parts of each page
tasks, matrix                          which task Network shows; the matrix task's parts
network_views, tune_views              what a training and a study show
network_sharpness                      the sharpness of a training: measured in the background
recordings                             a visitor's own network on the page Network
surface_controls, optimizer_controls   controls that pages share
view_choices, widgets, progress        choices of how to look at a result; widgets; a waiting job
presets                                a page's row of experiments
player, tune_fields                    the player as a component; what is turned under a map or basins
head_start, kept_files                 what the server answers before a page runs: its files, from memory
first_page                             /compare, the name of the page at /
first_pictures, new_pictures           the picture of a link, shown before its page has run: as kept, or made for it
share, go                              link, files, code; another page with an experiment
"""
