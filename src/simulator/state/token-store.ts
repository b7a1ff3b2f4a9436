import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Database } from './database.ts';
import type { SecurityEvent, TokenKind, TokenRecord, TokenState } from './types.ts';

const FIRST_APP_ID = 8_111_832;
const ADMIN_USER_ID = 70_001;

export type MintOptions = {
  scopes: readonly string[];
  kind?: TokenKind;
  state?: TokenState;
  /** Share the app of an earlier token, as rotation does; a new app otherwise. */
  appId?: number | undefined;
  expiresAt?: string;
};

/** An OAuth app: its secret is kept as a hash, like every credential here. */
export type OAuthClient = { clientId: string; secretSha256: string; appId: number };

export function sha256Hex(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What a credential of each kind looks like at HubSpot. */
function newSecret(kind: TokenKind): string {
  if (kind === 'private_app') return `pat-na1-${randomUUID()}`;
  return kind === 'oauth_refresh' ? randomUUID() : randomBytes(225).toString('base64url');
}

/** Credentials by the hash of their secret. A secret is handed out once and never written down. */
export class TokenStore {
  readonly #tokens = new Map<string, TokenRecord>();
  readonly #clients = new Map<string, OAuthClient>();
  readonly #events: SecurityEvent[] = [];
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    for (const row of database.all('SELECT body FROM tokens'))
      this.#remember(JSON.parse(String(row['body'])) as TokenRecord);
    for (const row of database.all('SELECT body FROM clients')) {
      const client = JSON.parse(String(row['body'])) as OAuthClient;
      this.#clients.set(client.clientId, client);
    }
    for (const row of database.all('SELECT body FROM security_events ORDER BY seq'))
      this.#events.push(JSON.parse(String(row['body'])) as SecurityEvent);
  }

  mint(options: MintOptions): { token: string; record: TokenRecord } {
    const kind = options.kind ?? 'private_app';
    const state = options.state ?? 'active';
    const token = newSecret(kind);
    const now = new Date().toISOString();
    const record: TokenRecord = {
      id: randomUUID(),
      sha256: sha256Hex(token),
      kind,
      appId: options.appId ?? this.newAppId(),
      userId: ADMIN_USER_ID,
      scopes: [...options.scopes],
      state,
      createdAt: now,
      ...expiry(options.expiresAt, state, now),
    };
    const isRotation = options.appId !== undefined;
    this.#database.transaction(() => {
      this.#save(record);
      if (kind === 'private_app')
        this.#record(`PRIVATE_APP_ACCESS_TOKEN_${isRotation ? 'ROTATE' : 'CREATE'}`, record);
    });
    return { token, record };
  }

  /** HubSpot's "Rotate and expire now", on the newest key that is alive; undefined when none is. */
  rotate(scopes?: readonly string[]): ReturnType<TokenStore['mint']> | undefined {
    const alive = [...this.#tokens.values()].filter(
      ({ kind, state }) => kind === 'private_app' && state === 'active',
    );
    const old = alive.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt)).at(-1);
    if (old === undefined) return undefined;
    const minted = this.mint({ scopes: scopes ?? old.scopes, appId: old.appId });
    for (const each of alive) if (each.appId === old.appId) this.setState(each, 'expired');
    return minted;
  }

  /** Registers an OAuth app and its first install. All three secrets are handed out once. */
  addClient(scopes: readonly string[]): {
    clientId: string;
    clientSecret: string;
    refreshToken: string;
    appId: number;
  } {
    const clientSecret = randomUUID();
    const client = {
      clientId: randomUUID(),
      secretSha256: sha256Hex(clientSecret),
      appId: this.newAppId(),
    };
    this.#database.transaction(() => {
      this.#database.run(
        'INSERT OR REPLACE INTO clients (client_id, body) VALUES (?, ?)',
        client.clientId,
        JSON.stringify(client),
      );
    });
    this.#clients.set(client.clientId, client);
    const { clientId, appId } = client;
    const { token } = this.mint({ kind: 'oauth_refresh', scopes, appId });
    return { clientId, clientSecret, refreshToken: token, appId };
  }

  client(clientId: string): OAuthClient | undefined {
    return this.#clients.get(clientId);
  }

  find(secret: string): TokenRecord | undefined {
    return this.#tokens.get(sha256Hex(secret));
  }

  setState(record: TokenRecord, state: TokenState): TokenRecord {
    const now = new Date().toISOString();
    const changed: TokenRecord = { ...record, state, ...expiry(undefined, state, now) };
    if (state === 'active') delete changed.expiresAt;
    this.#database.transaction(() => {
      this.#save(changed);
      if (record.kind === 'private_app' && state !== 'active')
        this.#record('PRIVATE_APP_ACCESS_TOKEN_DEACTIVATE', changed);
    });
    return changed;
  }

  /** All tokens of one app: HubSpot keeps two alive at once while a rotation is in its grace period. */
  ofApp(appId: number): TokenRecord[] {
    return [...this.#tokens.values()].filter((token) => token.appId === appId);
  }

  newAppId(): number {
    const held = [...this.#tokens.values(), ...this.#clients.values()];
    const used = held.map((each) => each.appId);
    return Math.max(FIRST_APP_ID - 1, ...used) + 1;
  }

  events(): readonly SecurityEvent[] {
    return this.#events;
  }

  noteEvent(type: string, objectId: string, userId: number): void {
    this.#database.transaction(() => {
      this.#append({ type, objectId, userId });
    });
  }

  clear(): void {
    this.#database.transaction(() => {
      this.#database.run('DELETE FROM tokens');
      this.#database.run('DELETE FROM security_events');
      this.#database.run('DELETE FROM clients');
    });
    this.#tokens.clear();
    this.#clients.clear();
    this.#events.length = 0;
  }

  #save(record: TokenRecord): void {
    this.#database.run(
      'INSERT OR REPLACE INTO tokens (sha256, body) VALUES (?, ?)',
      record.sha256,
      JSON.stringify(record),
    );
    this.#remember(record);
  }

  #remember(record: TokenRecord): void {
    this.#tokens.set(record.sha256, record);
  }

  #record(type: string, token: TokenRecord): void {
    this.#append({ type, objectId: String(token.appId), userId: token.userId });
  }

  #append(event: Pick<SecurityEvent, 'type' | 'objectId' | 'userId'>): void {
    const full: SecurityEvent = { id: randomUUID(), createdAt: new Date().toISOString(), ...event };
    this.#database.run('INSERT INTO security_events (body) VALUES (?)', JSON.stringify(full));
    this.#events.push(full);
  }
}

function expiry(
  expiresAt: string | undefined,
  state: TokenState,
  now: string,
): { expiresAt?: string } {
  if (expiresAt !== undefined) return { expiresAt };
  return state === 'expired' ? { expiresAt: now } : {};
}
