import assert from "node:assert/strict";
import { test } from "node:test";
import { formatNumber, formatPoint, plotlyText, typedNumber } from "../../optim_viz/player/js/basics/format.js";

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

test("commas that a person types are thousands in groups of three, or a decimal point", () => {
  const cases = [["1,000", 1000], ["12,000", 12000], ["1,000.5", 1000.5], ["-1,234,567", -1234567], ["−2,5", -2.5], ["0,05", 0.05], ["0,050", 0.05],
    [",5", 0.5], ["1e-3", 0.001], ["1,5e3", 1500], [" 7 ", 7], ["1000,5", 1000.5], ["1234,567", 1234.567]];
  for (const [text, value] of cases) assert.equal(typedNumber(text), value, text);
  for (const text of ["", "1,00,000", "1,000,5", "1.000,5", "0.5,", "abc", "1 000", "0x10", ".", ",", "--1", "Infinity"]) assert.ok(Number.isNaN(typedNumber(text)), text);
});
