/** A function's text as it is read: raised digits, a middle dot for a product, a true minus. */

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** @param {string} expression  as it is typed */
export function formulaText(expression) {
  const raised = expression.replace(/\^(\d+)/g, (_, digits) => [...digits].map((digit) => RAISED[Number(digit)]).join(""));
  return `f(x, y) = ${raised.replace(/\s*\*\s*/g, "·").replace(/-/g, "−").replace(/\bpi\b/g, "π")}`;
}
