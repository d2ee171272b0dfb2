/**
 * What is signed, as DSSE defines it (https://github.com/secure-systems-lab/dsse, protocol.md): the type and the
 * length of both parts stand before the payload, so that a signature for one kind of document never fits another.
 */

/** "DSSEv1" SP length of type SP type SP length of payload SP payload; lengths in bytes, decimal. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const typeLength = new TextEncoder().encode(payloadType).length;
  const head = new TextEncoder().encode(`DSSEv1 ${typeLength} ${payloadType} ${payload.length} `);
  const encoded = new Uint8Array(head.length + payload.length);
  encoded.set(head);
  encoded.set(payload, head.length);
  return encoded;
}
