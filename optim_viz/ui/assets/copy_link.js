// "Copy link": the page's address, without what only an embedding page adds to it.
const SAID = 2500;

function address() {
  const url = new URL(location.href);
  for (const key of ["embed", "embed_options"]) url.searchParams.delete(key);
  // Deleting writes the query anew, in other words; an address that had nothing to lose stays as it was.
  return url.searchParams.size === new URL(location.href).searchParams.size ? location.href : url.href;
}

// The clipboard is there on https and on the own machine only; elsewhere the old way may still do.
async function copy(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    field.focus();
    field.select();
    return document.execCommand("copy");
  }
}

export default function (component) {
  const root = component.parentElement;
  const [button, text, field] = ["button", ".text", "input"].map((part) => root.querySelector(part));
  const { words } = component.data;
  let timer = 0;
  field.value = address();
  field.setAttribute("aria-label", words.field);
  text.textContent = words.copy;
  button.onclick = async () => {
    field.value = address();
    const done = await copy(field);
    if (!done) field.select();
    text.textContent = done ? words.copied : words.press;
    clearTimeout(timer);
    timer = setTimeout(() => { text.textContent = words.copy; }, SAID);
  };
  return () => clearTimeout(timer);
}
