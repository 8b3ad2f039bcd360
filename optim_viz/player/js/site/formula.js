/** A function's text as it is read: raised digits, a middle dot for a product, a true minus. */

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** @param {string} expression  as it is typed @param {string[]} weights  what x and y are read as */
export function formulaText(expression, weights) {
  const named = expression.replace(/\b[xy]\b/g, (letter) => weights["xy".indexOf(letter)]);
  const raised = named.replace(/\^(\d+)/g, (_, digits) => [...digits].map((digit) => RAISED[Number(digit)]).join(""));
  return `f(${weights.join(", ")}) = ${raised.replace(/\s*\*\s*/g, "·").replace(/-/g, "−").replace(/\bpi\b/g, "π")}`;
}
