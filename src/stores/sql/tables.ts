// The tables as Kysely sees them, the same in both engines. Times are wall clock in ms; lists are JSON.

export interface ApiKeyTable {
  id: string;
  prefix: string;
  digest: string;
  identity: string;
  owner: string;
  tenant: string | null;
  roles: string;
  scopes: string;
  plan: string | null;
  note: string | null;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
  replaced_by: string | null;
  /** Number of its last change (take-number.ts). */
  changed: number;
}

export interface SessionTable {
  digest: string;
  identity: string;
  subject: string;
  sealed: string;
  expires_at: number;
  version: number;
}

export interface SigningKeyTable {
  kid: string;
  algorithm: "EdDSA" | "ES256";
  public_jwk: string;
  private_jwk: string;
  created_at: number;
  active_at: number;
  retires_at: number;
  expires_at: number;
}

/** One counter: a limit's of one key in one period. */
export interface QuotaTable {
  limit_name: string;
  /** SHA-256 of the key, which may be longer than an index takes. */
  key_digest: string;
  period: string;
  /** The key as a JSON string: any character of it is one that every database can keep. */
  key_json: string;
  used: number;
  units: number;
  ends_at: number;
  updated_at: number;
}

/** The prefix is for databases that others use too. */
export interface Tables {
  sallyport_schema: { version: number };
  sallyport_numbers: { name: string; value: number };
  sallyport_api_keys: ApiKeyTable;
  sallyport_sessions: SessionTable;
  sallyport_signing_keys: SigningKeyTable;
  sallyport_own_secrets: { name: string; value: string };
  sallyport_quotas: QuotaTable;
}
