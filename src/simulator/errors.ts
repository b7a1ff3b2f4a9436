import { randomUUID } from 'node:crypto';

export type ErrorDetail = {
  message: string;
  code?: string;
  in?: string;
  context?: Record<string, string[]>;
};

/** The fields of HubSpot's error body apart from `status` and `correlationId`, which every body carries. */
export type ErrorFields = {
  message: string;
  category?: string;
  subCategory?: string;
  context?: Record<string, string[]>;
  errors?: ErrorDetail[];
  links?: Record<string, string>;
  errorType?: string;
  policyName?: string;
  groupName?: string;
  requestId?: string;
};

/** A refusal in HubSpot's own form. Thrown anywhere below a route; the pipeline turns it into the reply. */
export class HubSpotError extends Error {
  readonly status: number;
  readonly fields: ErrorFields;
  readonly headers: Record<string, string>;

  constructor(status: number, fields: ErrorFields, headers: Record<string, string> = {}) {
    super(fields.message);
    this.name = 'HubSpotError';
    this.status = status;
    this.fields = fields;
    this.headers = headers;
  }

  toBody(): Record<string, unknown> {
    return { status: 'error', correlationId: randomUUID(), ...this.fields };
  }
}

export function validationError(message: string, errors?: ErrorDetail[]): HubSpotError {
  return new HubSpotError(400, {
    message,
    category: 'VALIDATION_ERROR',
    ...(errors ? { errors } : {}),
  });
}

export function invalidJson(detail: string): HubSpotError {
  return validationError(`Invalid input JSON on line 1, column 1: ${detail}`);
}

/** HubSpot's body for values a property cannot take; `errors[]` repeats what the message packs. */
export function invalidProperties(problems: ErrorDetail[]): HubSpotError {
  const packed = problems.map((problem) => ({
    isValid: false,
    message: problem.message,
    error: problem.code,
    name: problem.context?.['propertyName']?.[0],
  }));
  return validationError(`Property values were not valid: ${JSON.stringify(packed)}`, problems);
}

export function requiredPropertiesMissing(objectName: string, names: string[]): HubSpotError {
  return new HubSpotError(400, {
    message: `Error creating ${objectName}. Some required properties were not set.`,
    category: 'VALIDATION_ERROR',
    context: { properties: names },
    errors: [
      {
        message: `Error creating ${objectName}. Some required properties were not set.`,
        code: 'REQUIRED_PROPERTIES_MISSING',
        context: { properties: names },
      },
    ],
  });
}

export function objectNotFound(id: string): HubSpotError {
  return new HubSpotError(404, {
    message: 'Object not found.  objectId are usually numeric.',
    category: 'OBJECT_NOT_FOUND',
    context: { id: [id] },
  });
}

export function resourceNotFound(message = 'resource not found'): HubSpotError {
  return new HubSpotError(404, { message, category: 'OBJECT_NOT_FOUND' });
}

export function conflict(message: string): HubSpotError {
  return new HubSpotError(409, { message, category: 'CONFLICT' });
}

export function missingCredentials(): HubSpotError {
  return new HubSpotError(401, {
    message:
      'Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview',
    category: 'INVALID_AUTHENTICATION',
  });
}

/** @param expiredAt ISO date-time at which the token died. */
export function expiredCredentials(expiredAt: string, now: number): HubSpotError {
  const seconds = Math.max(0, Math.floor((now - Date.parse(expiredAt)) / 1000));
  return new HubSpotError(401, {
    message: `The OAuth token used to make this call expired ${String(seconds)} second(s) ago.`,
    category: 'EXPIRED_AUTHENTICATION',
    context: { 'expire time': [expiredAt] },
  });
}

export function missingScopes(anyOf: readonly string[]): HubSpotError {
  return new HubSpotError(403, {
    message:
      "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.",
    category: 'MISSING_SCOPES',
    errors: [
      {
        message: 'One or more of the following scopes are required.',
        context: { requiredGranularScopes: [...anyOf] },
      },
    ],
    links: { scopes: 'https://developers.hubspot.com/scopes' },
  });
}

export function unknownRoute(path: string): HubSpotError {
  return new HubSpotError(404, {
    message: `No resource found at ${path}`,
    category: 'OBJECT_NOT_FOUND',
  });
}

export function methodNotAllowed(method: string, allowed: readonly string[]): HubSpotError {
  return new HubSpotError(
    405,
    { message: `HTTP 405 Method Not Allowed: ${method}`, category: 'METHOD_NOT_ALLOWED' },
    { Allow: allowed.join(', ') },
  );
}

export function unsupportedMediaType(expected: string): HubSpotError {
  return new HubSpotError(415, {
    message: `HTTP 415 Unsupported Media Type: expected ${expected}`,
    category: 'VALIDATION_ERROR',
  });
}

export function bodyTooLarge(): HubSpotError {
  return new HubSpotError(413, {
    message: 'Request body is too large.',
    category: 'VALIDATION_ERROR',
  });
}
