// Loads the player and mounts one of its parts. The page's own address is the base, so that the app also works below
// a prefix and behind a proxy. Where it is there already it is called at once, because Streamlit calls the cleanup of
// the call before right after this one. If it cannot be had it is asked for again at the next call.
const load = (path) => new URL("app/static/" + path, location.href).href;
const url = load("$player/whole/app.js");
const options = { plotlyUrl: load("$flat"), wholeUrl: load("$whole"), cssUrl: load("$player/player.css") };
const later = (message) => message;
const LOST = later("The player could not be loaded. Reload the page to try again.");
function say(parent, words) {
  parent.querySelector(".ov-missing")?.remove();
  if (words) {
    const line = Object.assign(document.createElement("p"), { className: "ov-missing", textContent: words });
    line.setAttribute("role", "alert");
    parent.append(line);
  }
}
export default function (component) {
  const modules = (globalThis.__ovModules ??= {});
  if (modules[url]) return modules[url].$entry(component, options);
  let cleanup = null, gone = false;
  const begin = (module) => {
    modules[url] = module;
    if (gone) return;
    say(component.parentElement, "");
    cleanup = module.$entry(component, options);
  };
  const fail = () => {
    if (!gone) say(component.parentElement, component.data?.words?.[LOST] ?? LOST);
  };
  import(url).then(begin, fail);
  return () => {
    gone = true;
    if (cleanup) cleanup();
  };
}
