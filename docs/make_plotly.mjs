/**
 * Writes plotly.js for the plane: `make plotly` runs this in a folder into which npm has put plotly.js and esbuild.
 *
 *     node docs/make_plotly.mjs TARGET
 *
 * Its makers' own bundle of charts in the plane has eight kinds of chart that no page here draws, and the form in which
 * it is published takes a browser four times as long to begin with.
 */
import { createRequire } from "node:module";
import { join } from "node:path";

const here = createRequire(join(process.cwd(), "/"));
const { buildSync } = here("esbuild"), { version } = here("plotly.js/package.json");
const KINDS = ["bar", "contour", "heatmap"]; // a core comes with scatter

buildSync({
  stdin: {
    contents: `const Plotly = require("plotly.js/lib/core");
      Plotly.register([${KINDS.map((kind) => `require("plotly.js/lib/${kind}")`)}]);
      module.exports = Plotly;`,
    resolveDir: process.cwd(),
  },
  outfile: process.argv[2], bundle: true, minify: true, charset: "ascii", format: "iife", globalName: "Plotly", target: "es2016",
  alias: { stream: "stream-browserify" }, define: { global: "window", "process.env.NODE_DEBUG": "false" },
  loader: { ".css": "empty" }, // of maps alone
  banner: { js: `/**\n* plotly.js (${["scatter", ...KINDS].join(", ")} - minified) v${version}\n* Copyright 2012-2026, Plotly, Inc.\n* All rights reserved.\n* Licensed under the MIT license\n*/` },
  legalComments: "eof", logLevel: "warning",
});
