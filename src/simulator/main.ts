import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// As the gateway's own mains do (compile-cache.ts); the simulator shares nothing with them.
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/node', import.meta.url)));
await import('./serve.ts');
