// Goes to another page of the app as a link would, with one entry in the history. Streamlit's own switch_page writes the
// new query before the new path: two entries, and Back would stop at this page with the other's link.
export default function (component) {
  const { path, query, turn } = component.data;
  if (globalThis.__ovWent === turn) return;
  globalThis.__ovWent = turn;
  const kept = [...new URLSearchParams(location.search)].filter(([key]) => key === "embed" || key === "embed_options");
  const url = new URL(`./${path}`, location.href);
  url.search = [query, new URLSearchParams(kept).toString()].filter(Boolean).join("&");
  history.pushState({}, "", url);
  dispatchEvent(new PopStateEvent("popstate"));
}
