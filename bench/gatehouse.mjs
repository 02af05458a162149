export async function gatehouse() { return { contenders: [] }; }
export async function gatehouseTokens() { return { credentials: [], refresh: [] }; }
