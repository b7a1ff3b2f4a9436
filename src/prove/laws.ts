import type { Law } from './guarantee.ts';
import { LAW_00 } from './law-00.ts';
import { LAW_01 } from './law-01.ts';
import { LAW_02 } from './law-02.ts';
import { LAW_03 } from './law-03.ts';
import { LAW_04 } from './law-04.ts';
import { LAW_05 } from './law-05.ts';
import { LAW_06 } from './law-06.ts';
import { LAW_07 } from './law-07.ts';
import { LAW_08 } from './law-08.ts';
import { LAW_09 } from './law-09.ts';
import { LAW_10 } from './law-10.ts';
import { LAW_11 } from './law-11.ts';
import { LAW_12 } from './law-12.ts';

/** The twelve, and what `prove` promises of itself. */
export const LAWS: readonly Law[] = [
  LAW_01,
  LAW_02,
  LAW_03,
  LAW_04,
  LAW_05,
  LAW_06,
  LAW_07,
  LAW_08,
  LAW_09,
  LAW_10,
  LAW_11,
  LAW_12,
  LAW_00,
];
