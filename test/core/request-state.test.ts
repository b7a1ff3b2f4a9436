import { describe, expect, it } from 'vitest';
import {
  canMove,
  isResting,
  isTerminal,
  OPEN_STATUSES,
  REQUEST_STATUSES,
} from '../../src/core/request-state.ts';

describe('a request that a person changes', () => {
  it('is changed while it waits for people, and never before or after', () => {
    const from = REQUEST_STATUSES.filter((status) => canMove(status, 'changed'));
    expect(from).toEqual(['awaiting_approval']);
  });

  it('has ended then, for good', () => {
    expect(REQUEST_STATUSES.filter((status) => canMove('changed', status))).toEqual([]);
    expect(isTerminal('changed') && isResting('changed')).toBe(true);
    expect(OPEN_STATUSES).not.toContain('changed');
  });
});
