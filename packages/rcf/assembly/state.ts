// Where the host has put the forest, and its parameters. The host sets each before the first call, by these names; the
// arrays are those of the TypeScript classes Trees, Samplers, ScoreTables and Rows, as addresses.

export let dimensions: i32 = 0;
/** Numbers per stored point: `dimensions`, rounded up to whole vectors of four where there are more than two. */
export let width: i32 = 0;
export let sampleSize: i32 = 0;
export let timeDecay: f64 = 0;
export let initialAcceptFraction: f64 = 0;

export let nodes: usize = 0;
export let nodeParents: usize = 0;
export let boxes: usize = 0;
export let ranges: usize = 0;
export let points: usize = 0;
export let leafMasses: usize = 0;
export let leafParents: usize = 0;
export let roots: usize = 0;
export let masses: usize = 0;
export let freeNodes: usize = 0;
export let freeLeaves: usize = 0;
export let treeSeeds: usize = 0;

export let weights: usize = 0;
export let leaves: usize = 0;
export let sizes: usize = 0;
export let samplerSeeds: usize = 0;
export let certain: usize = 0;
export let certainUntil: usize = 0;

export let unseen: usize = 0;
export let logs: usize = 0;
export let depths: usize = 0;

/** The block of rows, and the distance from one row's point to the next, in numbers. */
export let values: usize = 0;
export let stride: i32 = 0;
/** Room for the points of a block padded to `width`; not used where they are that wide already. */
export let padded: usize = 0;
/** Room for the results of four descents, then for the sides of a box. */
export let scratch: usize = 0;
/** Room for an attribution: six points' worth of doubles. */
export let shares: usize = 0;

/** No node above, or none free. */
export const none: i32 = -1;
