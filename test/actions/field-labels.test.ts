import { expect, it } from 'vitest';
import { fieldLabel } from '../../src/actions/field-labels.ts';

it('a field is read by HubSpot’s label for its kind of record, and without one by its name in words', () => {
  expect(fieldLabel('update_contact', 'jobtitle')).toBe('Job title');
  expect(fieldLabel('search_ticket', 'subject')).toBe('Ticket name');
  expect(fieldLabel('create_task', 'subject')).toBe('subject');
  expect(fieldLabel('associate_records', 'related_to')).toBe('related to');
});
