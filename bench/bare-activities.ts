/** Does nothing, as fast as the engine allows. */
export const bareActivities = {
  nothing: (): Promise<string> => Promise.resolve('nothing'),
};

export type BareActivities = typeof bareActivities;
