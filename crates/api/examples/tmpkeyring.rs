//! .
use heliograph_api::vault::*;
#[tokio::main]
async fn main() {
    let v = KeyringVault::of_desktop();
    println!("available {}", v.available().await);
    let s = Secrets { database_key: [1; 32], address: "a:1".into(), certificate: vec![3; 600], macaroon: vec![4; 611] };
    println!("read {:?}", v.read("0123").await.map(|_| ()));
    let t = std::time::Instant::now();
    println!("write {:?}", v.write("0123", &s).await);
    println!("read back {:?} {:?}", v.read("0123").await.map(|r| r == s), t.elapsed());
    println!("other {:?}", v.read("0124").await.map(|_| ()));
    println!("remove {:?} {:?}", v.remove("0123").await, v.remove("0123").await);
    println!("read {:?}", v.read("0123").await.map(|_| ()));
}
