import { z } from 'zod';

/** What HubSpot answers about an account, a token and a property; only what is used of each. */

/** `GET /account-info/{version}/details`. */
export const AccountSchema = z.object({
  portalId: z.int().positive(),
  accountType: z.string().max(40),
  timeZone: z.string().max(60),
});

/** `POST /oauth/v2/private-apps/get/access-token-info`. */
export const TokenInfoSchema = z.object({
  hubId: z.int().positive(),
  appId: z.int(),
  scopes: z.array(z.string().max(100)).max(500),
});

/** `GET /account-info/{version}/activity/security`. */
export const SecurityEventsSchema = z.object({
  results: z.array(z.object({ type: z.string().max(80), createdAt: z.string().max(40) })).max(500),
});

const GROUP_NAME_MAX_CHARS = 200;

/** `GET` and `POST /crm/properties/{version}/{objectType}`. */
export const PropertySchema = z.object({
  name: z.string(),
  type: z.string().max(40),
  hasUniqueValue: z.boolean().default(false),
  archived: z.boolean().default(false),
});

/** The same of one whose group is asked for. */
export const GroupedSchema = z.object({ groupName: z.string().max(GROUP_NAME_MAX_CHARS) });

export const FoundSchema = z.object({ total: z.int().nonnegative() });
