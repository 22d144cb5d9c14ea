import { readFileSync } from 'node:fs';
import { en, Faker } from '@faker-js/faker';

/** The programs of the tutorial "Performing Real-Time Data Analysis with Kinesis", byte for byte: they are what has to run
 *  unchanged. */
export const popularCaptains = program('popular-captains.sql');
export const ratingAnomaly = program('rating-anomaly.sql');

function program(file: string): string {
  return readFileSync(new URL(`../captains/${file}`, import.meta.url), 'utf8');
}

/** What one viewer sends, keys in the order of the tutorial's script. */
export interface Rating {
  readonly user: string;
  readonly favoritecaptain: string;
  readonly rating: number;
  /** Epoch seconds, as Python's time.time() gives them. */
  readonly timestamp: number;
}

export const captains = [
  'Jean-Luc Picard',
  'James T. Kirk',
  'Han Solo',
  'Kathryn Janeway',
  'Malcolm Reynolds',
  'William Adama',
  'Turanga Leela',
  'Jacob Keyes',
  'Wilhuff Tarkin',
  'Christopher Pike',
  'David Bowman',
  'The Doctor',
  'John Robinson',
  'Khan Noonien Singh',
] as const;

/** The captain whose ratings are off the scale. */
export const anomalousCaptain = 'Neil Armstrong';

const anomalousShare = 0.04;

/** The ratings of the tutorial's script: 4 % are for Neil Armstrong with 7000 to 9000, the others for one of 14 captains
 *  with 1 to 1000. Rating `index` is the same for the same seed, whichever was asked for before it. */
export class Ratings {
  readonly #seed: number;
  readonly #faker = new Faker({ locale: en });
  #block = -1;
  #ratings: Omit<Rating, 'timestamp'>[] = [];

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** `time`: when it is sent, in milliseconds since 1970. */
  at(index: number, time: number): Rating {
    const block = Math.floor(index / blockSize);
    if (block !== this.#block) this.#generate(block);
    const rating = this.#ratings[index - block * blockSize];
    if (!rating) throw new RangeError(`there is no rating ${index}`);
    return { ...rating, timestamp: time / 1_000 };
  }

  // A run that goes on in the middle begins at the last block, not at the first rating.
  #generate(block: number): void {
    this.#faker.seed([this.#seed, block]);
    this.#ratings = Array.from({ length: blockSize }, () => this.#rating());
    this.#block = block;
  }

  #rating(): Omit<Rating, 'timestamp'> {
    const { person, number, datatype, helpers } = this.#faker;
    const user = person.fullName();
    return datatype.boolean(anomalousShare)
      ? { user, favoritecaptain: anomalousCaptain, rating: number.int({ min: 7000, max: 9000 }) }
      : { user, favoritecaptain: helpers.arrayElement(captains), rating: number.int({ min: 1, max: 1000 }) };
  }
}

const blockSize = 256;

/** A rating as the script's json.dumps writes it: no newline at the end, as it was put into the delivery stream. */
export function ratingJson({ user, favoritecaptain, rating, timestamp }: Rating): string {
  const text = JSON.stringify;
  return `{"user": ${text(user)}, "favoritecaptain": ${text(favoritecaptain)}, "rating": ${rating}, "timestamp": ${timestamp}}`;
}
