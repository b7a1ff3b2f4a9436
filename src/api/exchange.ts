import type { RequestHandler, Response } from 'express';
import { newId } from '../gate/ids.ts';

/** Gives every HTTP exchange an id of our own making; a caller's X-Request-Id proves nothing and is not used. */
export const nameExchange: RequestHandler = (_request, response, next) => {
  const id = newId('req');
  response.locals['exchangeId'] = id;
  response.set('X-Request-Id', id);
  next();
};

export const exchangeIdOf = (response: Response): string =>
  String(response.locals['exchangeId'] ?? 'req_unknown');
