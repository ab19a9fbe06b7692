pub struct Mint;
pub struct MintError;
pub struct Minted;
pub struct Order;
pub struct OrderError;
