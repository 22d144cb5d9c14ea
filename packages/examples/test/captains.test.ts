import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { anomalousCaptain, captains, popularCaptains, Ratings, ratingAnomaly, ratingJson } from '../src/captains.ts';

test('the programs are those of the tutorial, byte for byte', () => {
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  expect(sha256(popularCaptains)).toBe('2577eb2864e644fe32b87f1206307a321fe11326a9b1fae07b6c31ccaffb2453');
  expect(sha256(ratingAnomaly)).toBe('b2a36b84ecc145bc625222ad86ea86651da22a9ef4f09e3f18dd4a730630a393');
});

test('4 % of the ratings are for Neil Armstrong with 7000 to 9000, the others for 14 captains with 1 to 1000', () => {
  const ratings = new Ratings(7);
  const all = Array.from({ length: 20_000 }, (_, i) => ratings.at(i, 0));
  const anomalous = all.filter(({ favoritecaptain }) => favoritecaptain === anomalousCaptain);
  const others = all.filter(({ favoritecaptain }) => favoritecaptain !== anomalousCaptain);
  expect(anomalous.length / all.length).toBeCloseTo(0.04, 2);
  expect(anomalous.every(({ rating }) => rating >= 7000 && rating <= 9000)).toBe(true);
  expect(others.every(({ rating }) => rating >= 1 && rating <= 1000)).toBe(true);
  expect(new Set(others.map(({ favoritecaptain }) => favoritecaptain))).toEqual(new Set(captains));
});

test('a rating depends on the seed and its index, not on what was asked for before it', () => {
  const [forward, backward] = [new Ratings(1), new Ratings(1)];
  const indexes = [0, 1, 255, 256, 1000, 300];
  const first = indexes.map((i) => forward.at(i, i));
  const second = indexes
    .toReversed()
    .map((i) => backward.at(i, i))
    .toReversed();
  expect(second).toEqual(first);
  expect(new Ratings(2).at(0, 0)).not.toEqual(forward.at(0, 0));
});

test('a rating is written as json.dumps does, and reads back', () => {
  const rating = { user: 'Miles "Chief" O\'Brien', favoritecaptain: 'Han Solo', rating: 7, timestamp: 1632319489.795 };
  expect(ratingJson(rating)).toBe(
    '{"user": "Miles \\"Chief\\" O\'Brien", "favoritecaptain": "Han Solo", "rating": 7, "timestamp": 1632319489.795}',
  );
  expect(JSON.parse(ratingJson(rating))).toEqual(rating);
});
