import type { Law } from './guarantee.ts';
import { NotApplicableError, NotShownError } from './unproven.ts';

export const LAW_12: Law = {
  number: 12,
  title: 'A revert never overwrites a later legitimate change',
  guarantees: [
    {
      id: 'L12.1',
      title: 'a revert leaves alone what a person changed since',
      prove: async (rig) => {
        const { out } = await rig.command('--help');
        if (!/^\s+revert\b/m.test(out))
          throw new NotApplicableError('not built yet: this version has no revert');
        throw new NotShownError('this version has a revert, and prove does not try it yet');
      },
    },
  ],
};
