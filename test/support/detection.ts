import type { DetectionSettings } from '../../src/core/detection.ts';
import {
  parseRuleSetting,
  RULE_NAMES,
  type RuleName,
  RULES,
} from '../../src/core/detection-rules.ts';

/** The rules as they are by default, but for these. */
export const detectionSettings = (
  texts: Partial<Record<RuleName, string>> = {},
): DetectionSettings => ({
  rules: Object.fromEntries(
    RULE_NAMES.map((name) => {
      const setting = parseRuleSetting(name, texts[name] ?? RULES[name].default);
      if (setting === undefined) throw new Error(`no such setting: ${String(texts[name])}`);
      return [name, setting];
    }),
  ) as DetectionSettings['rules'],
  decoys: new Set(['contacts/66601']),
  ownAgentId: 'agt_0000000000',
});
