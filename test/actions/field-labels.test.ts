import { expect, it } from 'vitest';
import { fieldLabel } from '../../src/actions/field-labels.ts';

it('a field is read by HubSpot’s label, and without one by its name in words', () => {
  expect(['firstname', 'jobtitle', 'related_to'].map(fieldLabel)).toEqual([
    'First name',
    'Job title',
    'related to',
  ]);
});
