/**
 * The rider's side in a browser: holds a key that no script can read, gets a credential for it,
 * and makes a fresh fare code every few seconds with no network.
 */

export * as base45 from './base45.ts';
export * as base64url from './base64url.ts';
export { type Drawer, openDrawer } from './drawer.ts';
export {
  type Ability,
  createHolderKey,
  type HolderKey,
  openHolderKey,
  probe,
  provesItself,
} from './holder-key.ts';
export {
  bearer,
  buyTicket,
  type IssuedCredential,
  type IssuedTicket,
  Problem,
  post,
  proofMessage,
  type Registration,
  register,
  renewCredential,
  request,
  Unreachable,
} from './issuer.ts';
export {
  CODE_PREFIX,
  CREDENTIAL_BYTES,
  codeText,
  PRESENTATION_BYTES,
  type PresentationClaims,
  present,
  type Sign,
  type ToBeSigned,
  toBeSigned,
} from './presentation.ts';
