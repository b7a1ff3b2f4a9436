import type { Law, Tally } from './guarantee.ts';
import type { Rig } from './rig.ts';
import { NotApplicableError } from './unproven.ts';

/** What a gateway writes by itself while it runs. */
const WRITTEN_BY_A_GATEWAY =
  /^(store\.db|temporal\.db|run\.json|gateway\.(lock|pid)|log\/|logs\/|simulator\/)/;

/** A gateway of the user's that is running goes on writing: then only what it leaves alone can be compared. */
function dataUntouched(rig: Rig, tally: Tally): Promise<void> {
  const { before } = rig.watch;
  if (before.size === 0)
    throw new NotApplicableError(`there is nothing in ${rig.config.dataDir} that could be touched`);
  const now = rig.watch.now();
  const { openedOfTheUsers, isPossible } = rig.watch.sightings;
  for (const [name, fingerprint] of before) {
    const isSame = now.get(name) === fingerprint;
    // Not ours if no process of this run had it open, and a gateway writes it anyway.
    const isTheirs = isPossible && openedOfTheUsers.size === 0 && WRITTEN_BY_A_GATEWAY.test(name);
    tally.held(isSame || isTheirs, `${name} in your data folder is not as it was`);
  }
  for (const name of now.keys())
    if (!before.has(name) && !WRITTEN_BY_A_GATEWAY.test(name))
      tally.held(false, `${name} is new in your data folder`);
  return Promise.resolve();
}

function assertWatched(rig: Rig): void {
  if (!rig.watch.sightings.isPossible)
    throw new NotApplicableError('this system does not show processes under /proc');
}

function nothingOpened(rig: Rig, tally: Tally): Promise<void> {
  assertWatched(rig);
  const { openedOfTheUsers, looks, processes } = rig.watch.sightings;
  tally.sure(processes.size > 1, 'no process of this run was seen');
  for (let i = 0; i < looks; i += 1) tally.held(true, '');
  for (const file of openedOfTheUsers) tally.held(false, `a process of this run had ${file} open`);
  return Promise.resolve();
}

function onlyLoopback(rig: Rig, tally: Tally): Promise<void> {
  assertWatched(rig);
  const { connections, beyondLoopback } = rig.watch.sightings;
  tally.sure(connections.size > 0, 'no connection of this run was seen');
  for (let i = 0; i < connections.size - beyondLoopback.size; i += 1) tally.held(true, '');
  for (const connection of beyondLoopback) tally.held(false, `a connection of ${connection}`);
  return Promise.resolve();
}

export const LAW_00: Law = {
  number: 0,
  title: 'What prove promises of itself: nothing of yours is touched',
  guarantees: [
    {
      id: 'L00.1',
      title: 'your data folder is as it was before',
      isLast: true,
      prove: dataUntouched,
    },
    {
      id: 'L00.2',
      title: 'no process of this run was seen with a file of yours open',
      isLast: true,
      prove: nothingOpened,
    },
    {
      id: 'L00.3',
      title: 'no process of this run was seen connected beyond this machine',
      isLast: true,
      prove: onlyLoopback,
    },
  ],
};
