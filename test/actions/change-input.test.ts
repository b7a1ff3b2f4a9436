import { describe, expect, it } from 'vitest';
import { ACTIONS, findAction, OWN_ACTIONS } from '../../src/actions/catalogue.ts';
import { changeableFields, changeInput } from '../../src/actions/change-input.ts';

const actionOf = (name: string) => {
  const action = findAction(name);
  if (action === undefined) throw new Error(name);
  return action;
};

const change = (asked: Record<string, unknown> & { action: string }, values: object) =>
  changeInput(actionOf(asked.action), asked, values as Record<string, string>);

const NOTE = { action: 'create_note', contact_id: '20001', note: 'Call back.' };
const CONTACT = { action: 'update_contact', contact_id: '20001', phone: '1', clear: ['jobtitle'] };

describe('what of an action may be changed', () => {
  it.each(ACTIONS.map((action) => [action.name, action] as const))(
    'of %s is a value that policy grants, and never which record is meant',
    (_name, action) => {
      const fields = Object.keys(action.changeable ?? {});
      if (action.risk === 'read') expect(fields).toEqual([]);
      for (const field of fields) {
        expect(Object.keys(action.input.shape)).toContain(field);
        expect(action.fields).toContain(field);
        expect(field).not.toMatch(/_id$|^action$|^clear$|^steps$/);
      }
    },
  );

  it('is every value of a write, but for what only names records', () => {
    const without = ACTIONS.filter(
      ({ risk, changeable, fields }) =>
        risk !== 'read' && Object.keys(changeable ?? {}).length !== fields.length,
    );
    expect(without.map(({ name }) => name)).toEqual(['associate_records']);
  });

  it('is nothing of several writes and of what the gateway takes back', () => {
    for (const action of [actionOf('write_several'), ...OWN_ACTIONS])
      expect(action.changeable).toBeUndefined();
  });

  it('is told with its kind, its choices and what was asked', () => {
    const task = {
      ...{ action: 'create_task', contact_id: '1', subject: ' Call ', priority: 'HIGH' },
      ...{ due: '2027-01-01T10:00:00Z' },
    };
    const fields = changeableFields(actionOf('create_task'), task);
    expect(fields).toEqual([
      { field: 'subject', label: 'Task', kind: 'line', is_required: true, asked: 'Call' },
      { field: 'body', label: 'Notes', kind: 'text', is_required: false, asked: null },
      { ...{ field: 'due', label: 'Due', kind: 'time' }, is_required: true, asked: task.due },
      {
        ...{ field: 'priority', label: 'Priority', kind: 'choice', is_required: false },
        ...{ choices: ['LOW', 'MEDIUM', 'HIGH'], asked: 'HIGH' },
      },
      {
        ...{ field: 'type', label: 'Type', kind: 'choice', is_required: false },
        ...{ choices: ['EMAIL', 'CALL', 'TODO'], asked: null },
      },
    ]);
    const deal = { action: 'update_deal', deal_id: '1', amount: 12.5 };
    const [, amount] = changeableFields(actionOf('update_deal'), deal);
    expect(amount).toMatchObject({ field: 'amount', kind: 'number', asked: 12.5 });
  });
});

describe('a changed input', () => {
  it('has the new value and everything else as it was asked', () => {
    expect(change(CONTACT, { phone: '2', lastname: 'Vale' })).toEqual({
      action: { ...CONTACT, phone: '2', lastname: 'Vale' },
      fields: ['phone', 'lastname'],
    });
  });

  it('leaves out what is set to nothing', () => {
    const asked = { ...CONTACT, lastname: 'Vale' };
    expect(change(asked, { lastname: null }).action).toEqual(CONTACT);
  });

  it('is none when it says the same in other words', () => {
    for (const values of [{ note: ' Call back.\r\n' }, { note: NOTE.note }, {}])
      expect(() => change(NOTE, values)).toThrow('approval.unchanged');
  });

  it.each([
    [NOTE, { contact_id: '20002' }, 'approval.not_changeable: contact_id of create_note'],
    [NOTE, { nte: 'x' }, 'nte of create_note; what can be changed: note'],
    [NOTE, { constructor: 'x' }, 'approval.not_changeable'],
    [NOTE, { note: '' }, 'action.invalid: note'],
    [NOTE, { note: null }, 'action.invalid: note'],
    [NOTE, { note: 7 }, 'action.invalid: note'],
    [CONTACT, { jobtitle: 'Both set and cleared' }, 'action.invalid'],
    [CONTACT, { email: 'nobody' }, 'action.invalid: email'],
    [
      { action: 'associate_records', contact_id: '1', deal_id: '2' },
      { deal_id: '3' },
      'approval.not_changeable: nothing of associate_records is a value',
    ],
  ])('of %j with %j is refused: %s', (asked, values, error) => {
    expect(() => change(asked, values)).toThrow(error);
  });
});
