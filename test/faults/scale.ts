/** `npm run faults` runs the same proofs with the counts of the full form. */
export const isFull = process.env['FAULTS'] === 'full';

export const scaled = (short: number, full: number): number => (isFull ? full : short);
