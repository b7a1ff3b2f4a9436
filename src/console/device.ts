const DEVICES = [
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/Android/, 'Android phone'],
  [/Macintosh/, 'Mac'],
  [/Windows/, 'Windows PC'],
  [/CrOS/, 'Chromebook'],
  [/Linux/, 'Linux PC'],
] as const;

/** What people would call the device that a browser says it runs on. A first word for them to change. */
export const deviceIn = (userAgent = ''): string =>
  DEVICES.find(([pattern]) => pattern.test(userAgent))?.[1] ?? 'This device';
