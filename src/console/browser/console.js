// The console in the browser: each module works on the page as the server made it, and none is needed to read.
import { startClocks } from './clocks.js';
import { startKeys } from './keys.js';
import { startLive } from './live.js';
import { startPasskeys } from './passkeys.js';

startClocks(document);
startKeys();
startPasskeys();
startLive(() => {
  startClocks(document);
});
