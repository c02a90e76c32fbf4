// Presses come one after the other, so that each knows what the one before has changed.

import { told } from "../data/database.js";
import { whenUp } from "./taps.js";

const TURN_MS = 10_000; // a press that hangs does not keep the others

/** The last press, until what it has changed is drawn. @type {Promise<void> | null} */
let turn = null;

/**
 * Do something when the screen shows what the presses before have done.
 * @param {() => unknown} act
 */
export async function inTurn(act) {
  const before = turn;
  let done = () => {};
  const mine = new Promise((/** @type {(value: void) => void} */ resolve) => (done = resolve));
  turn = mine;
  try {
    if (before) await Promise.race([before, new Promise(late => setTimeout(late, TURN_MS))]);
    await act();
    await told();
    await new Promise((/** @type {(value: void) => void} */ drawn) => whenUp(drawn));
  } finally {
    if (turn === mine) turn = null;
    done();
  }
}
