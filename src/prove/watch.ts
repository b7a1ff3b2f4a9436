import { createHash } from 'node:crypto';
import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';

const LOOK_EVERY_MS = 200;
/** A file of a larger size is told apart by size and time alone. */
const HASHED_MAX_BYTES = 64 * 1024 * 1024;

/** What processes of this run were seen to do, by looking at them several times a second. */
export interface Watch {
  start(scratchFolder: string): void;
  stop(): void;
  readonly sightings: Sightings;
  /** The user's data folder as it was before anything was started: path to fingerprint. */
  readonly before: ReadonlyMap<string, string>;
  /** The same as it is now. */
  now(): ReadonlyMap<string, string>;
}

interface Sightings {
  /** Whether the system tells (Linux' `/proc`). */
  readonly isPossible: boolean;
  looks: number;
  readonly processes: Set<number>;
  readonly connections: Set<string>;
  readonly beyondLoopback: Set<string>;
  readonly openedOfTheUsers: Set<string>;
}

function fingerprint(path: string): string {
  const { size, mtimeMs } = statSync(path);
  if (size > HASHED_MAX_BYTES) return `${size} bytes of ${mtimeMs}`;
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Files that are just being replaced are told by their absence. */
function fingerprints(folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (!existsSync(folder)) return found;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    try {
      if (statSync(path).isFile()) found.set(name, fingerprint(path));
    } catch {
      continue;
    }
  }
  return found;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** This process and everything whose command line or environment names the scratch folder. */
function ownProcesses(scratchFolder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter(
      (pid) =>
        pid === process.pid ||
        `${read(`/proc/${pid}/cmdline`)}${read(`/proc/${pid}/environ`)}`.includes(scratchFolder),
    );
}

/** Inode to remote address in hex, of TCP sockets that have one (`proc_pid_net(5)`). */
function remoteEnds(): ReadonlyMap<string, string> {
  const ends = new Map<string, string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6', '/proc/net/udp', '/proc/net/udp6']) {
    for (const line of read(table).split('\n').slice(1)) {
      const [, , remote, , , , , , , inode] = line.trim().split(/\s+/);
      if (remote !== undefined && inode !== undefined && !/^0+:0000$/.test(remote))
        ends.set(inode, remote);
    }
  }
  return ends;
}

/** 127.0.0.0/8, `::1`, and 127.0.0.0/8 written as IPv6; the kernel prints words in the machine's order. */
export const isLoopback = (remote: string): boolean =>
  /^[0-9A-F]{6}7F:/i.test(remote) ||
  /^0{24}01000000:/.test(remote) ||
  /^0{16}FFFF0000[0-9A-F]{6}7F:/i.test(remote);

function openFiles(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

function look(seen: Sightings, scratchFolder: string, usersFolder: string): void {
  seen.looks += 1;
  const ends = remoteEnds();
  for (const pid of ownProcesses(scratchFolder)) {
    seen.processes.add(pid);
    for (const file of openFiles(pid)) {
      const inode = /^socket:\[(\d+)\]$/.exec(file)?.[1];
      const remote = inode === undefined ? undefined : ends.get(inode);
      if (remote !== undefined) {
        seen.connections.add(remote);
        if (!isLoopback(remote))
          seen.beyondLoopback.add(`${read(`/proc/${pid}/comm`).trim()} (${pid}) to ${remote}`);
      }
      if (file.startsWith(`${usersFolder}/`)) seen.openedOfTheUsers.add(file);
    }
  }
}

export function createWatch(config: Config): Watch {
  const { dataDir } = config;
  const usersFolder = existsSync(dataDir) ? realpathSync(dataDir) : dataDir;
  const sightings: Sightings = {
    isPossible: existsSync('/proc/net/tcp'),
    looks: 0,
    processes: new Set(),
    connections: new Set(),
    beyondLoopback: new Set(),
    openedOfTheUsers: new Set(),
  };
  const before = fingerprints(dataDir);
  let timer: NodeJS.Timeout | undefined;
  return {
    sightings,
    before,
    now: () => fingerprints(dataDir),
    start: (scratchFolder) => {
      if (!sightings.isPossible) return;
      timer = setInterval(() => {
        look(sightings, scratchFolder, usersFolder);
      }, LOOK_EVERY_MS);
    },
    stop: () => {
      clearInterval(timer);
    },
  };
}
