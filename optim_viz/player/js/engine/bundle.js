/**
 * Modules as the one script that a worker is started from. A worker cannot load modules from a file on disk, nor does an
 * import map hold for it; a script in a blob can be had everywhere.
 */
const IMPORT = /^import (\{[^}]*\}) from "([^"]+)";$/gm;
const EXPORT = /^export (?=(?:async )?(?:function|const|class) (\w+))/gm;

/** What a module's name means, seen from another. @param {string} name @param {string} from */
function resolved(name, from) {
  if (!name.startsWith(".")) return name;
  const parts = from.split("/").slice(0, -1);
  for (const part of name.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/**
 * Returns a script that runs `entry` and all that it imports, and then calls a function of it with the worker's scope.
 * @param {string} entry @param {string} called @param {(name: string) => Promise<string>} read  a module's source by its name
 */
export async function bundled(entry, called, read) {
  /** @type {Map<string, string>} */
  const written = new Map();

  /** @param {string} name @returns {Promise<string>} its variable */
  async function take(name) {
    const variable = `m_${name.replace(/\W/g, "_")}`;
    if (written.has(name)) return variable;
    const source = await read(name);
    const needed = [];
    for (const [, names, path] of source.matchAll(IMPORT)) needed.push(`const ${names.replace(/ as /g, ": ")} = ${await take(resolved(path, name))};`);
    const exported = [...source.matchAll(EXPORT)].map((found) => found[1]);
    const body = source.replace(IMPORT, "").replace(EXPORT, "");
    written.set(name, `const ${variable} = (() => {\n${needed.join("\n")}\n${body}\nreturn { ${exported.join(", ")} };\n})();`);
    return variable;
  }

  const last = await take(entry);
  return `"use strict";\n${[...written.values()].join("\n")}\n${last}.${called}(self);\n`;
}
