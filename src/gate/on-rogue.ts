import type { OnRogue } from './radar-record.ts';

/**
 * What follows from a change that the gateway did not make, in the commit that records it: nothing yet but what
 * the log says of it. Here an incident on the report's connection is opened.
 */
export const onRogue: OnRogue = () => Promise.resolve();
