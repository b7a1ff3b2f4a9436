import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Moves message and stack of every failure, and of its causes, into a payload, which the codec then
 * encrypts; what stays readable is "Encoded failure" and the failure's type, one of our error codes.
 *
 * Loaded by path, in Node and in the workflow bundle, so it may import nothing but
 * `@temporalio/common`, and the name of the export is Temporal's.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
