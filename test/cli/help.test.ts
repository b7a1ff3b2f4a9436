import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './support.ts';

let at: Installation;

beforeAll(async () => {
  at = await createInstallation();
});
afterAll(() => {
  at.remove();
});

describe('help', () => {
  it.each([
    [[], 'npx sallyport <command> --help'],
    [['agent'], 'npx sallyport agent <command> --help'],
    [['agent', 'add'], '--group'],
    [['prove'], '--law'],
    [['settle'], 'executed: you saw it in HubSpot'],
    [['grant', 'add'], '--yes'],
    [['approvals', 'change'], '--yes'],
    [['audit', 'log'], '--follow'],
    [['unfreeze'], '[freeze|connection|agent]'],
  ])('of %j fits 80 columns, and says what a reader can use', async (path, words) => {
    const { status, out } = await at.sallyport([...path, '--help']);
    expect(status).toBe(0);
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(out).not.toContain('default: []');
    expect(out).toContain(words);
  });

  it.each([
    [['frobnicate'], '(npx sallyport --help lists the commands)'],
    [['agent', 'frobnicate'], '(npx sallyport agent --help lists the commands)'],
    [['agent', 'add'], '(npx sallyport agent add --help has what it takes)'],
    [['freeze', '--no-such'], '(npx sallyport freeze --help has what it takes)'],
  ])('is named after a mistake: %j', async (args, hint) => {
    const { status, err } = await at.sallyport(args);
    expect(status).toBe(2);
    expect(err).toContain(hint);
  });
});
