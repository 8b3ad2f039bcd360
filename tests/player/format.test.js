import assert from "node:assert/strict";
import { test } from "node:test";
import { formatNumber, formatPoint, plotlyText } from "../../optim_viz/player/js/basics/format.js";

test("few significant digits, a true minus, no trailing noise", () => {
  const cases = [[0, "0"], [-0.5, "−0.5"], [3.14159, "3.14"], [1234.5, "1235"], [99999, "99999"], [123456, "1.23e5"],
    [0.000123456, "1.23e−4"], [1e-7, "1e−7"], [0.1 + 0.2, "0.3"], [0.00099999, "0.001"], [99999.9, "1e5"], [NaN, "–"], [undefined, "–"], [Infinity, "∞"], [-Infinity, "−∞"], [1e30, "1e30"]];
  for (const [value, text] of cases) assert.equal(formatNumber(value), text);
  assert.equal(formatNumber(2 / 3, 5), "0.66667");
});

test("points and titles", () => {
  assert.equal(formatPoint(-1, 0.25), "(−1, 0.25)");
  assert.equal(plotlyText("x < y & <b>"), "x &lt; y &amp; &lt;b&gt;");
});
