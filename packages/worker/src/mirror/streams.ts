import { errorStream } from '@rowtime/core';
import { CommandError, exitCodes } from '../exit.ts';
import { type ObjectPlace, streamsAt } from './place.ts';

/** A stream of both sides, and where each has it. */
export interface Pair {
  readonly stream: string;
  readonly recorded: ObjectPlace;
  readonly ours: ObjectPlace;
}

/** Which streams to compare: of places with a folder for each stream those that both have, else what is there. */
export async function pairsOf(
  recorded: ObjectPlace,
  ours: ObjectPlace,
  stream: string | null,
  isOwnRun = false,
): Promise<{ readonly pairs: readonly Pair[]; readonly notices: readonly string[] }> {
  const [theirs, own] = [await resultsAt(recorded), await resultsAt(ours)];
  const placeIn = (place: ObjectPlace, names: readonly string[] | null, name: string): ObjectPlace => {
    if (names === null) return place;
    if (names.includes(name)) return place.below(name);
    throw new CommandError(`${place.name} has no stream ${name}; it has ${names.join(', ')}`, exitCodes.usage);
  };
  if (stream !== null) {
    const pair = { stream, recorded: placeIn(recorded, theirs, stream), ours: placeIn(ours, own, stream) };
    return { pairs: [pair], notices: [] };
  }
  if (theirs === null && own === null) return { pairs: [{ stream: 'results', recorded, ours }], notices: [] };
  if (theirs === null || own === null) {
    const [place, names] = theirs === null ? [ours, own!] : [recorded, theirs];
    const [only, ...others] = names;
    if (only === undefined || others.length > 0) {
      throw new CommandError(
        `${place.name} has several streams: --stream says which, of ${names.join(', ')}`,
        exitCodes.usage,
      );
    }
    return {
      pairs: [{ stream: only, recorded: placeIn(recorded, theirs, only), ours: placeIn(ours, own, only) }],
      notices: [],
    };
  }
  // Of one stream each, the recorded one may well have the name of its delivery stream.
  if (theirs.length === 1 && own.length === 1) {
    const [their, name] = [theirs[0]!, own[0]!];
    return { pairs: [{ stream: name, recorded: recorded.below(their), ours: ours.below(name) }], notices: [] };
  }
  const both = theirs.filter((name) => own.includes(name));
  if (both.length === 0) {
    throw new CommandError(
      `the sides have no stream in common: ${recorded.name} has ${theirs.join(', ')}, ${ours.name} has ${own.join(', ')}`,
    );
  }
  const aloneIn = (names: readonly string[], others: readonly string[], side: string): string[] =>
    names
      .filter((name) => !others.includes(name))
      .map((name) => `only ${side} has the stream ${name}: it is not compared`);
  return {
    pairs: both.map((name) => ({ stream: name, recorded: recorded.below(name), ours: ours.below(name) })),
    // A program that was run for this has its streams in between, too.
    notices: [...aloneIn(theirs, own, 'the recorded side'), ...(isOwnRun ? [] : aloneIn(own, theirs, 'our side'))],
  };
}

/** Errors are no results. */
async function resultsAt(place: ObjectPlace): Promise<string[] | null> {
  return (await streamsAt(place))?.filter((name) => name !== errorStream) ?? null;
}
