import type { Millis } from './batch.ts';
import { type Column, valueAt } from './column.ts';
import type { Window } from './window.ts';

/** The windows in which a monotonic function of time keeps its value: GROUP BY CEIL(ROWTIME TO MINUTE), and any other
 *  expression of ROWTIME alone. Their edges are found by bisection, a few dozen times at once, and kept until time leaves
 *  the window. `values` gives a value (or NULL) per time. */
export function valueWindow(values: (times: Float64Array) => Column): Window {
  let from: Millis = 0;
  let to: Millis = Number.NEGATIVE_INFINITY;
  const find = (t: Millis): void => {
    if (t >= from && t < to) return;
    from = edge(values, t, -1);
    to = edge(values, t, 1);
  };
  return {
    start: (t) => {
      find(t);
      return from;
    },
    end: (start) => {
      find(start);
      return to;
    },
  };
}

/** Windows in which none of several cuts falls: a group is complete when any of its windows is. */
export function finestWindow(windows: readonly Window[]): Window {
  if (windows.length === 1) return windows[0];
  return {
    start: (t) => Math.max(...windows.map((window) => window.start(t))),
    end: (start) => Math.min(...windows.map((window) => window.end(window.start(start)))),
  };
}

/** Where time ends: what a JavaScript Date can print. */
const lastTime = 8.64e15;
const points = 64;

/** Forward: the first time after t with another value. Back: the last time, from t on, that has the value still. */
function edge(values: (times: Float64Array) => Column, t: Millis, direction: 1 | -1): Millis {
  const farthest = direction * lastTime;
  // Far first: distances 1, 2, 4 … up to the end of time.
  const reach: Millis[] = [];
  for (let distance = 1; ; distance *= 2) {
    const next = t + direction * distance;
    if (Math.abs(next) >= lastTime || reach.length === points) break;
    reach.push(next);
  }
  reach.push(farthest);
  const first = firstOther(values, t, Float64Array.from(reach));
  if (first < 0) return farthest;
  let same = first === 0 ? t : (reach[first - 1] as Millis);
  let other = reach[first] as Millis;
  while (Math.abs(other - same) > 1) {
    const step = direction * Math.ceil(Math.abs(other - same) / points);
    const between = Array.from({ length: points }, (_, i) => same + (i + 1) * step);
    const times = between.filter((time) => direction * (other - time) > 0);
    const at = firstOther(values, t, Float64Array.from(times));
    if (at >= 0) other = times[at] as Millis;
    if (at !== 0) same = times[at < 0 ? times.length - 1 : at - 1] as Millis;
  }
  return direction === 1 ? other : same;
}

/** The index of the first time whose value is not that of t; -1 if there is none. */
function firstOther(values: (times: Float64Array) => Column, t: Millis, times: Float64Array): number {
  const column = values(Float64Array.of(t, ...times));
  const value = valueAt(column, 0);
  for (let i = 1; i <= times.length; i++) if (valueAt(column, i) !== value) return i - 1;
  return -1;
}
