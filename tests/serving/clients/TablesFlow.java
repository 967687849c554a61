// Rows of a table in Java: as objects of a class that describes the table, and as the client's own Row.
import com.datastax.astra.client.DataAPIClient;
import com.datastax.astra.client.core.query.Filters;
import com.datastax.astra.client.core.query.SortOrder;
import com.datastax.astra.client.core.vector.DataAPIVector;
import com.datastax.astra.client.databases.Database;
import com.datastax.astra.client.tables.Table;
import com.datastax.astra.client.tables.commands.TableUpdateOperation;
import com.datastax.astra.client.tables.definition.columns.TableColumnTypes;
import com.datastax.astra.client.tables.definition.rows.Row;
import com.datastax.astra.client.tables.mapping.Column;
import com.datastax.astra.client.tables.mapping.ColumnVector;
import com.datastax.astra.client.tables.mapping.EntityTable;
import com.datastax.astra.client.tables.mapping.PartitionBy;
import com.datastax.astra.client.tables.mapping.PartitionSort;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

public class Example {

  @EntityTable("visits")
  public static class Visit {
    @PartitionBy(0)
    @Column(name = "shop", type = TableColumnTypes.TEXT)
    private String shop;

    @PartitionSort(position = 0, order = SortOrder.DESCENDING)
    @Column(name = "n", type = TableColumnTypes.INT)
    private Integer n;

    @Column(name = "price", type = TableColumnTypes.DECIMAL)
    private BigDecimal price;

    @Column(name = "at", type = TableColumnTypes.TIMESTAMP)
    private Instant at;

    @Column(name = "visitor", type = TableColumnTypes.UUID)
    private UUID visitor;

    @Column(name = "tags", type = TableColumnTypes.SET, valueType = TableColumnTypes.TEXT)
    private Set<String> tags;

    @ColumnVector(name = "own", dimension = 3)
    private DataAPIVector own;

    public Visit() {}

    Visit(String shop, int n, String price, float... own) {
      this.shop = shop;
      this.n = n;
      this.price = new BigDecimal(price);
      this.at = Instant.parse("2026-11-28T03:04:05.678Z");
      this.visitor = UUID.fromString("0f3b9c1e-1111-4222-8333-444455556666");
      this.tags = Set.of("a", "b");
      this.own = new DataAPIVector(own);
    }

    public String getShop() { return shop; }
    public void setShop(String shop) { this.shop = shop; }
    public Integer getN() { return n; }
    public void setN(Integer n) { this.n = n; }
    public BigDecimal getPrice() { return price; }
    public void setPrice(BigDecimal price) { this.price = price; }
    public Instant getAt() { return at; }
    public void setAt(Instant at) { this.at = at; }
    public UUID getVisitor() { return visitor; }
    public void setVisitor(UUID visitor) { this.visitor = visitor; }
    public Set<String> getTags() { return tags; }
    public void setTags(Set<String> tags) { this.tags = tags; }
    public DataAPIVector getOwn() { return own; }
    public void setOwn(DataAPIVector own) { this.own = own; }
  }

  public static void main(String[] args) {
    Database db = new DataAPIClient(System.getenv("ASTRA_DB_APPLICATION_TOKEN"))
        .getDatabase(System.getenv("ASTRA_DB_API_ENDPOINT"));
    Table<Visit> visits = db.createTable(Visit.class);
    visits.insertOne(new Visit("north", 1, "1.15", 1, 0, 0));
    visits.insertMany(List.of(new Visit("north", 2, "2.25", 0, 1, 0), new Visit("south", 3, "3", 0, 0, 1)));

    Visit one = visits.findOne(Filters.and(Filters.eq("shop", "north"), Filters.eq("n", 1))).orElseThrow();
    System.out.println(one.getPrice() + " " + one.getAt() + " " + one.getVisitor() + " " + new TreeSet<>(one.getTags())
        + " " + one.getOwn().getEmbeddings()[0]);
    StringBuilder order = new StringBuilder();
    visits.find(Filters.eq("shop", "north")).forEach(visit -> order.append(visit.getN()));
    System.out.println(order + " " + visits.findAll().toList().size());

    visits.updateOne(
        Filters.and(Filters.eq("shop", "north"), Filters.eq("n", 1)),
        new TableUpdateOperation().set("price", new BigDecimal("9.99")));
    Table<Row> rows = db.getTable("visits");
    rows.insertOne(new Row().addText("shop", "east").addInt("n", 4).addDecimal("price", new BigDecimal("4.25")));
    Row row = rows.findOne(Filters.eq("shop", "east")).orElseThrow();
    System.out.println(row.getText("shop") + " " + row.get("n") + " " + row.get("price"));
    System.out.println(visits.findOne(
        Filters.and(Filters.eq("shop", "north"), Filters.eq("n", 1))).orElseThrow().getPrice());
    visits.deleteMany(Filters.eq("shop", "north"));
    System.out.println(visits.findAll().toList().size());
    db.dropTable("visits");
  }
}
