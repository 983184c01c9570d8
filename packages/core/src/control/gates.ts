/** Where the gates of both clusters lie: in one document, so that an order sees the other cluster's as well. */
export const GATES_KEY = "gates";
