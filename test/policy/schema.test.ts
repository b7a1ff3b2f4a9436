import { describe, expect, it } from 'vitest';
import { checkParseSchema, schemaToJson } from '@cedar-policy/cedar-wasm/nodejs';
import { POLICY_ACTIONS } from '../../src/actions/catalogue.ts';
import { cedarSchema } from '../../src/policy/schema.ts';
import { SMALL_ACTIONS } from './support.ts';

describe('the Cedar schema', () => {
  it('puts each action into the group of its risk', () => {
    const answer = schemaToJson(cedarSchema(SMALL_ACTIONS));
    const actions = answer.type === 'success' ? answer.json['']?.actions : undefined;
    const groups = Object.entries(actions ?? {}).map(([name, { memberOf }]) => [
      name,
      memberOf?.map(({ id }) => id) ?? [],
    ]);
    expect(Object.fromEntries(groups)).toEqual({
      read: [],
      write: [],
      destructive: [],
      find_person: ['read'],
      add_note: ['write'],
      change_deal: ['write'],
      erase_person: ['destructive'],
    });
  });

  it('of the real catalogue is one that Cedar accepts', () => {
    expect(checkParseSchema(cedarSchema(POLICY_ACTIONS))).toEqual({ type: 'success' });
  });
});
