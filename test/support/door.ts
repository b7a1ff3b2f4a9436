import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../../src/embedded/ports.ts';

/** A port in front of a server on loopback. */
export interface Door {
  readonly url: string;
  /** Nobody listens: connections are refused, those that stood are cut. */
  close(): Promise<void>;
  /** As it was; also after `hang`. */
  open(): Promise<void>;
  /** Connections are taken and never answered. */
  hang(): void;
}

/** Opens one. */
export async function openDoor(behindUrl: string): Promise<Door> {
  const behind = Number(new URL(behindUrl).port);
  const port = await freePort();
  const passing = new Set<Socket>();
  let isHanging = false;

  const keep = (socket: Socket): Socket => {
    passing.add(socket);
    return socket.on('error', () => undefined).on('close', () => passing.delete(socket));
  };
  const cutAll = (): void => {
    for (const socket of passing) socket.destroy();
  };
  const server: Server = createServer((near) => {
    keep(near);
    if (isHanging) return;
    const far = keep(connect(behind, '127.0.0.1'));
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });

  const door: Door = {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      cutAll();
      return new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
    open: async () => {
      cutAll();
      isHanging = false;
      if (server.listening) return;
      await new Promise<void>((resolve) => {
        server.listen(port, '127.0.0.1', resolve);
      });
    },
    hang: () => {
      cutAll();
      isHanging = true;
    },
  };
  await door.open();
  return door;
}
