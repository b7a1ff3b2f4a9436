// The console in the browser: each module works on the page as the server made it, and none is needed to read.
import { startClocks, tellZone } from './clocks.js';
import { startForms } from './forms.js';
import { startKeys } from './keys.js';
import { startLive } from './live.js';

tellZone();
startClocks(document);
startKeys();
startForms();
startLive(() => {
  startClocks(document);
});
