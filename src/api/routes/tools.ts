import { z } from 'zod';
import { ACTIONS } from '../../actions/catalogue.ts';
import { openAiTools } from '../../actions/tool-definitions.ts';
import { grantedActions } from '../../gate/granted-actions.ts';
import { defineRoute } from '../define-route.ts';

export const listTools = defineRoute({
  method: 'get',
  path: '/v1/tools',
  summary: 'Strict function definitions of exactly what this agent may do.',
  door: 'agent',
  query: z.strictObject({ format: z.enum(['openai']).default('openai') }),
  replies: {
    200: {
      is: 'OpenAI function tools.',
      body: z.strictObject({ tools: z.array(z.record(z.string(), z.unknown())) }),
    },
  },
  errors: ['store.unavailable'],
  handler: (context, { agent }) => {
    const { connection } = context.settings;
    const granted = grantedActions(context.policy(), ACTIONS, { agent, connection });
    return Promise.resolve({ status: 200, body: { tools: openAiTools(granted) } });
  },
});
