import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { later, speak, t } from "../../optim_viz/player/js/basics/words.js";
import { statusOf } from "../../optim_viz/player/js/engine/verdict.js";

afterEach(() => speak({}));

test("English needs no catalogue, and values go where their names stand, written as they come", () => {
  assert.equal(t("step {step:,} of {all}", { step: "1,000", all: 5 }), "step 1,000 of 5");
  assert.equal(t("{x} stays"), "{x} stays");
  assert.equal(t("{x} of {y}", { y: "{x}" }), "{x} of {x}");
});

test("a message is told in the language that the page brings, its values in another order", () => {
  speak({ language: "zh", words: { "reached {place} at step {step}": "在第 {step} 步到达 {place}" } });
  assert.equal(statusOf({ outcome: "reached", step: 1234, place: [1, 0] }), "在第 1,234 步到达 (1, 0)");
  assert.equal(t("never heard"), "never heard");
  assert.equal(t("constructor"), "constructor");
  assert.equal(later("reached {place} at step {step}"), "reached {place} at step {step}");
});
